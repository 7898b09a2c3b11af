/**
 * What the deployment of a task says, from its first line to its last. The same task says the same
 * things always: numbers that look found by chance are drawn from the task's id.
 */
export function script(taskId: string): readonly string[] {
  const draw = dice(taskId);
  const servers = Array.from({ length: draw(2, 4) }, (_, index) => `web-${index + 1}`);
  const size = draw(180, 960);
  return [
    `task ${taskId}: deploying to ${servers.join(", ")}`,
    `checked out ${draw(0x1000000, 0xfffffff).toString(16)}`,
    `installed ${draw(80, 400)} packages in ${draw(2, 9)}.${draw(0, 9)} s`,
    `built ${draw(20, 90)} files, ${size} kB`,
    `passed ${draw(100, 600)} tests`,
    ...servers.flatMap((server) => [
      `${server}: drained ${draw(3, 80)} connections`,
      `${server}: uploaded ${size} kB`,
      `${server}: healthy after ${draw(120, 900)} ms`,
    ]),
    `task ${taskId}: live on ${servers.length} servers`,
  ];
}

/** Numbers from `low` to `high` that depend on nothing but the seed: xorshift, begun with FNV-1a. */
function dice(seed: string): (low: number, high: number) => number {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
  return (low, high) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return low + ((state >>> 0) % (high - low + 1));
  };
}
