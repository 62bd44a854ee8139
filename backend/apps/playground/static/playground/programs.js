// Programs to begin with: one that greets, for each language, and some that show what the sandbox does.

export const GREETINGS = {
  c: `#include <stdio.h>

int main(void)
{
    char name[100];
    if (scanf("%99s", name) == 1)
        printf("Hello, %s!\\n", name);
    return 0;
}
`,
  cpp: `#include <iostream>
#include <string>

int main() {
    std::string name;
    std::cin >> name;
    std::cout << "Hello, " << name << "!\\n";
}
`,
  csharp: `using System;

class Program {
    static void Main() {
        var name = Console.ReadLine();
        Console.WriteLine($"Hello, {name}!");
    }
}
`,
  go: `package main

import "fmt"

func main() {
	var name string
	fmt.Scan(&name)
	fmt.Printf("Hello, %s!\\n", name)
}
`,
  java: `import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        String name = new Scanner(System.in).nextLine();
        System.out.println("Hello, " + name + "!");
    }
}
`,
  javascript: `const name = require("fs").readFileSync(0, "utf8").trim();
console.log(\`Hello, \${name}!\`);
`,
  python: `name = input()
print(f"Hello, {name}!")
`,
  rust: `use std::io;

fn main() {
    let mut name = String::new();
    io::stdin().read_line(&mut name).unwrap();
    println!("Hello, {}!", name.trim());
}
`,
};
export const GREETING_INPUT = "world\n";

export const STARTS = {
  c: `#include <stdio.h>

int main(void)
{

    return 0;
}
`,
  cpp: `#include <iostream>

int main() {
    std::ios::sync_with_stdio(false);
    std::cin.tie(nullptr);

}
`,
  csharp: `using System;

class Program {
    static void Main() {

    }
}
`,
  go: `package main

import "fmt"

func main() {
	fmt.Println()
}
`,
  java: `import java.util.Scanner;

public class Main {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);

    }
}
`,
  javascript: `const lines = require("fs").readFileSync(0, "utf8").split("\\n");

`,
  python: "",
  rust: `use std::io;

fn main() {
    let input = io::read_to_string(io::stdin()).unwrap();

}
`,
};

/** What the sandbox does with programs that behave, and with those that do not; all in Python. */
export const EXAMPLES = [
  {
    name: "Output while it runs",
    input: "",
    code: `import time

for left in range(5, 0, -1):
    print(f"{left} …", flush=True)
    time.sleep(0.3)
print("Lift-off!")
`,
  },
  {
    name: "Sum of many numbers",
    input: "3 1 4 1 5 9 2 6\n",
    code: `numbers = [int(word) for word in input().split()]
print("sum ", sum(numbers))
print("mean", sum(numbers) / len(numbers))
`,
  },
  {
    name: "Runs for ever: stop it, or wait",
    input: "",
    code: `while True:
    pass
`,
  },
  {
    name: "Prints without end",
    input: "",
    code: `while True:
    print("flood " * 20)
`,
  },
  {
    name: "Takes all the memory",
    input: "",
    code: `kept = []
while True:
    kept.append(bytearray(10_000_000))
`,
  },
  {
    name: "Divides by zero",
    input: "",
    code: `print("so far, so good")
print(1 / 0)
`,
  },
];
