// tries = "Makes the compiler read a file of the host as the key that signs the program."
// verdicts = ["CE", "WA"]
// because = "a compiler may refuse a key that is not there, or only warn"
using System.Reflection;

[assembly: AssemblyKeyFile("@secret_file@")]
[assembly: AssemblyKeyName("/etc/shadow")]

class Program {
    static void Main() {
        System.Console.WriteLine("done");
    }
}
