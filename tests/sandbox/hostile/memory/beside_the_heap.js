// tries = "Takes memory outside the heap, where no --max-old-space-size holds."
// verdicts = ["MLE"]
// limits = { cpu_time_ms = 2000 }
const kept = [];
for (;;) kept.push(Buffer.alloc(1 << 20, 1), new SharedArrayBuffer(1 << 20));
