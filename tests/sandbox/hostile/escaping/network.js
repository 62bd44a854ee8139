// tries = "Connects to the host and looks names up."
// verdicts = ["WA", "RTE"]
// because = "Node may die of a socket that it is refused"
const net = require("net"), dns = require("dns");

for (const host of ["127.0.0.1", "::1", "192.0.2.1"])
    net.connect({ host, port: Number("@port@"), timeout: 300 })
        .on("data", (text) => console.log("ESCAPED to", host, String(text)))
        .on("timeout", function () { this.destroy(); })
        .on("error", (error) => console.log(host, error.code));
dns.resolve4("example.org", (error, found) => console.log(error ? error.code : "ESCAPED to " + found));
setTimeout(() => process.exit(0), 500);
