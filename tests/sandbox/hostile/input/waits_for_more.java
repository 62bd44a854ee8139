// tries = "Reads its input to the end again and again."
// verdicts = ["TLE"]
// stdin_bytes = 1000
// limits = { cpu_time_ms = 1000, wall_time_ms = 4000 }
public class Main {
    public static void main(String[] arguments) throws Exception {
        while (true) System.in.read();
    }
}
