// tries = "Catches every StackOverflowError and recurses again."
// verdicts = ["TLE", "MLE"]
// because = "a full stack is memory, and the limit on it may be met before the one on time"
// limits = { cpu_time_ms = 1200, wall_time_ms = 6000 }
public class Main {
    static void deeper(int n) {
        try {
            deeper(n + 1);
        } catch (StackOverflowError error) {
            deeper(n);
        } finally {
            deeper(n + 1);
        }
    }

    public static void main(String[] arguments) {
        while (true) {
            try {
                deeper(0);
            } catch (StackOverflowError error) {
                continue;
            }
        }
    }
}
