/** What the simulated deployment of a task says. */
export function script(taskId: string): readonly string[] {
  const servers = ["web-1", "web-2", "web-3"];
  return [
    `task ${taskId}: deploying to ${servers.join(", ")}`,
    "checked out 4f2a91c",
    "built 48 files, 320 kB",
    "passed 217 tests",
    ...servers.flatMap((server) => [`${server}: uploaded 320 kB`, `${server}: healthy`]),
    `task ${taskId}: live on ${servers.length} servers`,
  ];
}
