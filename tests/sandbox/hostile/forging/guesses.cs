// tries = "Prints every answer and every word for right."
// verdicts = ["WA"]
class Program {
    static void Main() {
        foreach (string guess in new[] {"42", "AC", "passed", "Accepted", "YES", "NO", "true", "0", "1", "-1"})
            System.Console.WriteLine(guess);
        for (int i = 0; i < 1000; i++) System.Console.Write(i + " ");
    }
}
