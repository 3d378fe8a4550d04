/* Memory functions, which the compiler also calls by itself; words at a time where it can. */
#include "vmm/lib.h"

#define WORDS_PER_ROUND 8

static bool words_fit(uintptr_t a, uintptr_t b)
{
    return ((a | b) & (sizeof(word) - 1)) == 0;
}

void *memcpy(void *to, const void *from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if (words_fit((uintptr_t)t, (uintptr_t)f)) {
        for (; size >= WORDS_PER_ROUND * sizeof(word); size -= WORDS_PER_ROUND * sizeof(word)) {
            word *to_words = (word *)(void *)t;
            const word *from_words = (const word *)(const void *)f;
            to_words[0] = from_words[0];
            to_words[1] = from_words[1];
            to_words[2] = from_words[2];
            to_words[3] = from_words[3];
            to_words[4] = from_words[4];
            to_words[5] = from_words[5];
            to_words[6] = from_words[6];
            to_words[7] = from_words[7];
            t += WORDS_PER_ROUND * sizeof(word);
            f += WORDS_PER_ROUND * sizeof(word);
        }
        for (; size >= sizeof(word); size -= sizeof(word), t += sizeof(word), f += sizeof(word))
            *(word *)(void *)t = *(const word *)(const void *)f;
    }
    while (size--)
        *t++ = *f++;
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    uint8_t *t = to;
    word pattern = (uint8_t)byte * 0x01010101u;

    if (words_fit((uintptr_t)t, 0)) {
        for (; size >= WORDS_PER_ROUND * sizeof(word); size -= WORDS_PER_ROUND * sizeof(word)) {
            word *w = (word *)(void *)t;
            w[0] = pattern;
            w[1] = pattern;
            w[2] = pattern;
            w[3] = pattern;
            w[4] = pattern;
            w[5] = pattern;
            w[6] = pattern;
            w[7] = pattern;
            t += WORDS_PER_ROUND * sizeof(word);
        }
    }
    while (size--)
        *t++ = (uint8_t)byte;
    return to;
}
