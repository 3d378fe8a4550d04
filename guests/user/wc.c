/*
 * wc: counts the lines, words and bytes that it reads.
 */
#include "guests/lib/stdio.h"
#include "guests/lib/syscalls.h"

int main(void)
{
    unsigned lines = 0, words = 0, bytes = 0, in_word = 0;
    char data[512];
    int got;

    while ((got = read(STDIN, data, sizeof data)) > 0) {
        for (int i = 0; i < got; i++) {
            unsigned blank = data[i] == ' ' || data[i] == '\n' || data[i] == '\t';
            lines += data[i] == '\n';
            words += !blank && !in_word;
            in_word = !blank;
        }
        bytes += (unsigned)got;
    }
    printf("%u lines, %u words, %u bytes\n", lines, words, bytes);
    return got < 0;
}
