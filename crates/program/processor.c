/*
 * Says which processor the program needs where this one is not enough. It runs before anything else of the program
 * does, and it is compiled for every processor of its kind: build.rs sees to it, and defines LEVEL and NEEDED.
 */
#include <cpuid.h>
#include <unistd.h>

#define HAS(word, bits) (((word) & (bits)) == (bits))
#define BIT(at) (1u << (at))

/* The definitions of x86-64-v2 and x86-64-v3 in the System V ABI. */
#define BASE_2 (BIT(0) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(23)) /* SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT */
#define MORE_2 BIT(0)                                                    /* LAHF */
#define BASE_3 (BASE_2 | BIT(12) | BIT(22) | BIT(27) | BIT(28) | BIT(29)) /* FMA MOVBE OSXSAVE AVX F16C */
#define MORE_3 (MORE_2 | BIT(5))                                         /* LZCNT */
#define WIDE_3 (BIT(3) | BIT(5) | BIT(8))                                /* BMI1 AVX2 BMI2 */

static int is_enough(void)
{
    unsigned a, b, base = 0, more = 0, d;
    if (!__get_cpuid(1, &a, &b, &base, &d) || !__get_cpuid(0x80000001, &a, &b, &more, &d))
        return 0;
#if LEVEL < 3
    return HAS(base, BASE_2) && HAS(more, MORE_2);
#else
    unsigned c, wide = 0, kept;
    if (!HAS(base, BASE_3) || !HAS(more, MORE_3) || !__get_cpuid_count(7, 0, &a, &wide, &c, &d) || !HAS(wide, WIDE_3))
        return 0;
    /* Whether the system keeps the wide registers of a process. */
    __asm__("xgetbv" : "=a"(kept), "=d"(d) : "c"(0));
    return HAS(kept, BIT(1) | BIT(2));
#endif
}

static void check(void)
{
    static const char said[] = NEEDED;
    if (is_enough())
        return;
    if (write(2, said, sizeof said - 1) < 0)
        _exit(1);
    _exit(6);
}

/* Called before the functions that any library of the program has for its beginning. */
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = check;
