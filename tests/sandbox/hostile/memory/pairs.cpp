// tries = "Asks for memory that it is refused, catches the refusal and asks for less, for ever."
// verdicts = ["MLE"]
// limits = { cpu_time_ms = 2000 }
#include <cstring>
#include <new>

int main()
{
    for (std::size_t size = std::size_t(1) << 46;; size = size > 4096 ? size / 2 : size)
        try {
            std::memset(new char[size], 1, size);
        } catch (const std::bad_alloc &) {
        }
}
