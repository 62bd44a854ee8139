// tries = "Goes on in a shutdown hook once the JVM is asked to end."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 2000, wall_time_ms = 3000 }
public class Main {
    public static void main(String[] arguments) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            while (true) {
                try {
                    Thread.sleep(1000);
                } catch (InterruptedException expected) {
                    continue;
                }
            }
        }));
        System.exit(0);
    }
}
