// tries = "Starts worker threads that start worker threads."
// verdicts = ["MLE", "RTE", "TLE"]
// because = "memory, threads and time all run out within the same second"
const { Worker } = require("worker_threads");

for (let i = 0; i < 100; i++)
    new Worker(__filename).on("error", (error) => console.error(String(error)));
