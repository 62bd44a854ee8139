// tries = "Recurses through getters, proxies and JSON until the stack is full."
// verdicts = ["RTE"]
// says = ["RangeError"]
const proxy = new Proxy({}, { get: (target, name, self) => self[name] });
const value = { toJSON: () => JSON.stringify(value) };
try {
    proxy.deeper;
} catch (error) {
    console.log(error.name);
}
JSON.stringify(value);
