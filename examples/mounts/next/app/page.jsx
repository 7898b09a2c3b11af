"use client";
import { useEffect, useState } from "react";

export default function Page() {
  const [socket, setSocket] = useState();
  const [lines, setLines] = useState([]);

  useEffect(() => {
    const opening = new WebSocket(`ws://${location.host}/chat/`);
    opening.onopen = () => setSocket(opening);
    opening.onmessage = ({ data }) => setLines((lines) => [...lines, data]);
    return () => opening.close();
  }, []);

  return (
    <main>
      <h1>Hello from Next</h1>
      <form action={(form) => socket.send(form.get("text"))}>
        <input name="text" autoComplete="off" disabled={!socket} />
      </form>
      <pre>{lines.join("\n")}</pre>
    </main>
  );
}
