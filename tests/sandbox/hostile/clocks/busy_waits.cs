// tries = "Burns in a finaliser that runs when the program has already ended."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 800, wall_time_ms = 3000 }
class Program {
    ~Program() { while (true) { } }

    static void Make() { new Program(); }

    static void Main() {
        Make();
        System.GC.Collect();
        System.GC.WaitForPendingFinalizers();
    }
}
