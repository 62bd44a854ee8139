// tries = "Floods both outputs from two threads."
// verdicts = ["OLE"]
// limits = { cpu_time_ms = 2000 }
public class Main {
    public static void main(String[] arguments) {
        new Thread(() -> { while (true) System.out.println("x".repeat(1000)); }).start();
        while (true) System.err.println("y".repeat(1000));
    }
}
