// tries = "Leaves a shell behind that outlives the JVM."
// verdicts = ["WA", "RTE", "MLE"]
// because = "the JVM may be refused the process, and says that it lacks memory"
// limits = { cpu_time_ms = 2000 }
public class Main {
    public static void main(String[] arguments) throws Exception {
        String[] shell = {"/bin/sh", "-c", "trap '' TERM HUP; while :; do sleep 60; done"};
        new ProcessBuilder(shell).inheritIO().start();
        System.out.println("the JVM ends");
    }
}
