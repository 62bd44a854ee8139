// tries = "Prints digits that only look right."
// verdicts = ["WA"]
// answer = "42"
class Program {
    static void Main() {
        System.Console.OutputEncoding = System.Text.Encoding.UTF8;
        System.Console.WriteLine("\u0664\u0662\uff14\uff12");
    }
}
