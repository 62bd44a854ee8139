// tries = "Spreads its work over threads, each within the limit."
// verdicts = ["TLE"]
// limits = { cpu_time_ms = 800, wall_time_ms = 8000 }
public class Main {
    static volatile long sink;

    public static void main(String[] arguments) {
        for (int i = 0; i < 4; i++)
            new Thread(() -> { while (true) sink++; }).start();
    }
}
