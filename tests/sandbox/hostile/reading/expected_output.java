// tries = "Looks for the expected output in its folders, arguments, properties and class path."
// verdicts = ["WA"]
// limits = { cpu_time_ms = 3000 }
import java.nio.file.*;
import java.util.stream.Stream;

public class Main {
    public static void main(String[] arguments) throws Exception {
        System.getProperties().forEach((name, value) -> System.out.println(name + "=" + value));
        System.out.println(ProcessHandle.current().info());
        for (String folder : new String[] {"/box", "/tmp", "/dev", "/proc/self/fd"}) {
            try (Stream<Path> paths = Files.walk(Path.of(folder))) {
                paths.forEach(path -> {
                    System.out.println(path);
                    if (path.toString().matches(".*(expected|answer|output|\\.out|secret).*"))
                        System.out.println("ESCAPED to " + path);
                });
            } catch (Exception unreadable) {
                System.out.println(folder + " can't be read");
            }
        }
    }
}
