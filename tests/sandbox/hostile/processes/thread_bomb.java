// tries = "Starts threads until the JVM is refused one, and goes on."
// verdicts = ["RTE", "MLE", "TLE"]
// because = "the JVM calls a refused thread a lack of memory; the sleepers may hold it until time is up"
// limits = { wall_time_ms = 1500, cpu_time_ms = 2000 }
public class Main {
    public static void main(String[] arguments) {
        while (true) {
            new Thread(() -> {
                try {
                    Thread.sleep(600_000);
                } catch (InterruptedException expected) {
                    return;
                }
            }).start();
        }
    }
}
