// tries = "Writes a library and loads it into the JVM, attaches to other JVMs, and sends signals."
// verdicts = ["WA"]
// limits = { cpu_time_ms = 3000 }
import java.nio.file.*;

public class Main {
    public static void main(String[] arguments) throws Exception {
        Files.write(Path.of("/tmp/hostile-mark.so"), new byte[] {127, 'E', 'L', 'F', 2, 1, 1});
        try {
            System.load("/tmp/hostile-mark.so");
            System.out.println("ESCAPED: loaded");
        } catch (UnsatisfiedLinkError refused) {
            System.out.println("not loaded");
        }
        ProcessHandle.allProcesses().filter(process -> process.pid() != ProcessHandle.current().pid())
            .forEach(process -> System.out.println("sees " + process.pid() + " ends it: " + process.destroyForcibly()));
        for (String path : new String[] {"@secret_file@", "@secret_memory@", "/proc/1/environ"})
            try {
                System.out.println("ESCAPED to " + Files.readString(Path.of(path)));
            } catch (Exception refused) {
                System.out.println(refused.getClass().getName());
            }
    }
}
