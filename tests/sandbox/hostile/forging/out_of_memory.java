// tries = "Ends well with the words of a JVM that lacks memory."
// verdicts = ["WA"]
// limits = { wall_time_ms = 4000 }
public class Main {
    public static void main(String[] arguments) {
        System.err.println("Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space");
    }
}
