/**
 * One of the processes of `postern auth`, which the first of them starts by node:cluster. Ctrl-C in a terminal is told to
 * all of them, and systemd too tells all; when to end says the first one. Without it they end at once, by node:cluster.
 */
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {});

// Not before signals are heard: this takes a while.
const { runAuthWorker } = await import("./auth-worker-process.js");
runAuthWorker();

export {};
