// tries = "Lets the assembler put a secret of the host into the program."
// verdicts = ["CE"]
#include <stdio.h>

__asm__(".section .rodata\n.global secret\nsecret: .incbin \"@secret_file@\"\n.byte 0\n.include \"/etc/shadow\"\n.text");
extern const char secret[];

int main(void)
{
    puts(secret);
    return 0;
}
