// tries = "Takes memory outside the heap, where no -Xmx holds."
// verdicts = ["MLE"]
// limits = { cpu_time_ms = 3000 }
import java.lang.reflect.Field;
import sun.misc.Unsafe;

public class Main {
    public static void main(String[] arguments) throws Exception {
        Field field = Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        Unsafe unsafe = (Unsafe) field.get(null);
        while (true) unsafe.setMemory(unsafe.allocateMemory(1 << 20), 1 << 20, (byte) 1);
    }
}
