/**
 * A page like the one that the tutorial's readers wrote: the same elements, the same handlers, plain
 * DOM where it had jQuery. It takes messages for HTML, as its original does.
 */
export function tutorialPage(socketUrl: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="UTF-8">
  <title>Tutorial</title>
  <link rel="icon" href="data:,">
</head>
<body>
  <h1>Web聊天室:<span id="tips"></span></h1>
  <div class="form">
    <input id="txt" type="text" placeholder="请输入文字">
    <input id="btn" type="button" value="发送" onclick="sendMessage();">
  </div>
  <div id="content"></div>
  <script>
    var ws;

    document.addEventListener("DOMContentLoaded", function () {
      ws = new WebSocket("${socketUrl}");
      ws.onopen = function () {
        document.getElementById("tips").textContent = "连接成功";
      };
      ws.onmessage = function (message) {
        var tag = document.createElement("div");
        tag.innerHTML = message.data;
        document.getElementById("content").append(tag);
      };
      ws.onclose = function () {
        ws.close();
      };
    });

    function sendMessage() {
      ws.send(document.getElementById("txt").value);
    }
  </script>
</body>
</html>`;
}
