// tries = "Fills its folder from several threads that remove and make the same folders."
// verdicts = ["WA", "TLE", "RTE"]
// because = "it ends when its time is up, or when an error reaches the first thread"
// limits = { cpu_time_ms = 800, wall_time_ms = 3000 }
using System;
using System.IO;
using System.Threading;

class Program {
    static void Churn() {
        for (int i = 0; i < 2000; i++) {
            try {
                Directory.CreateDirectory("/tmp/hostile-mark/" + i % 7 + "/" + i % 11);
                Directory.Delete("/tmp/hostile-mark/" + i % 5, true);
            } catch (IOException) {
            } catch (UnauthorizedAccessException) {
            }
        }
    }

    static void Main() {
        for (int i = 0; i < 4; i++) new Thread(Churn).Start();
    }
}
