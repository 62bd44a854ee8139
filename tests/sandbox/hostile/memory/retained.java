// tries = "Keeps every object, so that the collector works ever harder for ever less."
// verdicts = ["MLE", "TLE"]
// because = "a collector that fights for the last bytes may use up the time first"
// limits = { cpu_time_ms = 4000, wall_time_ms = 8000 }
import java.util.HashMap;

public class Main {
    public static void main(String[] arguments) {
        HashMap<Integer, String> kept = new HashMap<>();
        for (int i = 0; ; i++) kept.put(i, "x".repeat(i % 4096));
    }
}
