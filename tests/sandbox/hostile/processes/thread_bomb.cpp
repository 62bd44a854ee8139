// tries = "Starts threads until it is refused one, each asleep."
// verdicts = ["RTE"]
// says = ["Resource temporarily unavailable"]
#include <chrono>
#include <thread>

int main()
{
    for (;;)
        std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
}
