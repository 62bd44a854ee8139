// tries = "Ends well with the words of a JVM that lacks memory."
// verdicts = ["WA"]
public class Main {
    public static void main(String[] arguments) {
        System.err.println("Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space");
    }
}
