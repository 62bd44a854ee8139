// tries = "Writes what is no text: NULs, half characters, control sequences, lone surrogates."
// verdicts = ["WA"]
// runs = 2
const bytes = Buffer.alloc(256);
for (let i = 0; i < 256; i++) bytes[i] = i;
process.stdout.write(bytes);
process.stdout.write("\x1b[2J\x1b]0;title\x07\u0000\ud800\u202e\ufeff");
process.stderr.write(Buffer.concat([bytes, Buffer.from([0xed, 0xa0, 0x80, 0xf5, 0xc0, 0xaf])]));
