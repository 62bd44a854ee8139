// tries = "Loads files of the host as modules and by every interface that Node has for files."
// verdicts = ["WA"]
const fs = require("fs");

const attempts = {
    module: () => require("@secret_file@"),
    text: () => fs.readFileSync("@secret_file@", "utf8"),
    link: () => { fs.symlinkSync("@secret_file@", "/tmp/hostile-mark"); return fs.readFileSync("/tmp/hostile-mark", "utf8"); },
    parent: () => fs.readFileSync("/proc/" + process.ppid + "/environ", "utf8"),
    copy: () => { fs.copyFileSync("@secret_memory@", "/tmp/copy"); return fs.readFileSync("/tmp/copy", "utf8"); },
};
for (const [name, attempt] of Object.entries(attempts)) {
    try {
        console.log("ESCAPED by", name, attempt());
    } catch (error) {
        console.log(name, error.code);
    }
}
