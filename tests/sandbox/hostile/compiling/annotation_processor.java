// tries = "Brings an annotation processor, to run in the compiler's process."
// verdicts = ["WA"]
import java.util.Set;
import javax.annotation.processing.*;
import javax.lang.model.element.TypeElement;

@SupportedAnnotationTypes("*")
public class Main extends AbstractProcessor {
    static {
        System.out.println("the class is loaded");
    }

    public boolean process(Set<? extends TypeElement> types, RoundEnvironment round) {
        throw new Error("ESCAPED into the compiler");
    }

    public static void main(String[] arguments) {
        System.out.println("done");
    }
}
