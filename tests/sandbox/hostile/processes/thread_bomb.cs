// tries = "Starts threads that start threads."
// verdicts = ["TLE", "RTE", "MLE"]
// because = "Mono may spin on a refused thread, throw, or call it a lack of memory"
using System.Threading;

class Program {
    static void Start() {
        while (true) new Thread(Start).Start();
    }

    static void Main() { Start(); }
}
