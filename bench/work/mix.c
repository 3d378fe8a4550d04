/*
 * An integer mix: checksums bit by bit and by table, matrices, a word counter with a state
 * machine, linked lists. Returns 0 when the results are right.
 */
#include <stdint.h>

#define EXPECTED 0x86cfb191u /* as a native compiler has it */

#define ROUNDS   2000
#define N        24
#define TEXT     4096
#define NODES    512

struct node {
    struct node *next;
    uint32_t key;
};

static uint32_t table[256];
static int32_t a[N][N], b[N][N], c[N][N];
static char text[TEXT];
static struct node nodes[NODES];

static uint32_t crc_bits(uint32_t crc, uint32_t byte)
{
    crc ^= byte;
    for (int i = 0; i < 8; i++)
        crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    return crc;
}

static uint32_t crc_text(void)
{
    uint32_t crc = ~0u;

    for (int i = 0; i < TEXT; i++)
        crc = crc >> 8 ^ table[(crc ^ (uint8_t)text[i]) & 0xff];
    return ~crc;
}

static int32_t multiply(void)
{
    int32_t sum = 0;

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            int32_t s = 0;
            for (int k = 0; k < N; k++)
                s += a[i][k] * b[k][j];
            c[i][j] = s;
            sum += s ^ (s >> 3);
        }
    }
    return sum;
}

static int words(void)
{
    enum { BLANK, LETTER, NUMBER } state = BLANK;
    int found = 0;

    for (int i = 0; i < TEXT; i++) {
        char ch = text[i];
        switch (state) {
        case BLANK:
            if (ch >= 'a') {
                state = LETTER;
                found++;
            } else if (ch >= '0') {
                state = NUMBER;
                found += 3;
            }
            break;
        case LETTER:
            if (ch < 'a')
                state = ch >= '0' ? NUMBER : BLANK;
            break;
        case NUMBER:
            if (ch < '0')
                state = BLANK;
            break;
        }
    }
    return found;
}

static uint32_t walk_list(void)
{
    uint32_t sum = 0;

    for (struct node *n = &nodes[0]; n; n = n->next)
        if (n->key % 7 != 3)
            sum = sum * 31 + n->key;
    return sum;
}

static void prepare(void)
{
    uint32_t x = 12345;

    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int k = 0; k < 8; k++)
            table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xedb88320 : table[i] >> 1;
    }
    for (int i = 0; i < TEXT; i++) {
        x = x * 1664525 + 1013904223;
        text[i] = "abcdefghijklmnop  0123456789 zyx"[x >> 27];
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = i * 3 - j;
            b[i][j] = j * 5 + i;
        }
    }
    for (int i = 0; i < NODES; i++) {
        nodes[i].key = (uint32_t)i * 2654435761u;
        nodes[i].next = i + 1 < NODES ? &nodes[(i + 1) % NODES] : 0;
    }
}

int main(void)
{
    uint32_t sum = 0, crc = 0;

    prepare();
    for (int round = 0; round < ROUNDS; round++) {
        sum = sum * 33 + crc_text();
        sum += (uint32_t)multiply();
        sum ^= (uint32_t)words();
        sum += walk_list();
        for (int i = 0; i < 64; i++)
            crc = crc_bits(crc, sum >> (i & 24));
    }
    return (sum ^ crc) == EXPECTED ? 0 : 1;
}
