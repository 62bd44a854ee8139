// tries = "Recurses without end."
// verdicts = ["RTE", "MLE"]
// because = "Mono's stack ends at its own limit or at that of memory"
// limits = { cpu_time_ms = 3000 }
class Program {
    static int Deeper(int n) { return Deeper(n + 1) + Deeper(n + 2); }

    static void Main() { System.Console.WriteLine(Deeper(0)); }
}
