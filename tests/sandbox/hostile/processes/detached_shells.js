// tries = "Leaves detached shells that outlive Node."
// verdicts = ["WA", "RTE"]
// because = "the sandbox may refuse what Node needs to start another program"
const { spawn } = require("child_process");

for (let i = 0; i < 4; i++)
    spawn("/bin/sh", ["-c", "trap '' TERM HUP; while :; do sleep 60; done"],
        { detached: true, stdio: "ignore" }).unref();
console.log("Node ends");
