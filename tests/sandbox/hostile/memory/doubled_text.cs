// tries = "Doubles a text until there is no room for it."
// verdicts = ["MLE"]
// limits = { cpu_time_ms = 2000 }
class Program {
    static void Main() {
        string text = "x";
        while (true) text += text;
    }
}
