/*
 * Records, strings and calls, as programs for offices were said to be: a small directory of
 * people is filled, copied, searched by name, sorted through pointers and summed, over and over.
 * Returns 0 when the results are right.
 */
#include <stdint.h>

#define EXPECTED 0xd006025fu /* as a native compiler has it */

#define PEOPLE   48
#define NAME     24
#define ROUNDS   20000

enum grade { GRADE_APPRENTICE, GRADE_WORKER, GRADE_MASTER, GRADE_COUNT };

struct date {
    uint16_t year;
    uint8_t month, day;
};

struct person {
    struct person *chief;
    char name[NAME];
    struct date born;
    enum grade grade;
    int32_t wage;
    uint32_t seen;
};

static struct person people[PEOPLE], former[PEOPLE];
static struct person *order[PEOPLE];

static int compare_text(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (uint8_t)*a - (uint8_t)*b;
}

static unsigned copy_text(char *to, const char *from, unsigned room)
{
    unsigned n = 0;

    for (; n + 1 < room && from[n]; n++)
        to[n] = from[n];
    to[n] = 0;
    return n;
}

static void number_text(char *to, uint32_t number)
{
    char digits[10];
    int n = 0;

    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (n > 0)
        *to++ = digits[--n];
    *to = 0;
}

static __attribute__((noinline)) int older(const struct date *a, const struct date *b)
{
    if (a->year != b->year)
        return a->year < b->year;
    if (a->month != b->month)
        return a->month < b->month;
    return a->day < b->day;
}

static __attribute__((noinline)) enum grade promote(enum grade from, int32_t wage, int years)
{
    switch (from) {
    case GRADE_APPRENTICE:
        return years > 3 || wage > 900 ? GRADE_WORKER : GRADE_APPRENTICE;
    case GRADE_WORKER:
        return years > 20 && wage > 1500 ? GRADE_MASTER : GRADE_WORKER;
    default:
        return from;
    }
}

static __attribute__((noinline)) int32_t raise(int32_t wage, const struct person *chief)
{
    int32_t more = wage + (wage >> 5) + 3;

    return chief && more > chief->wage ? chief->wage : more;
}

static void hire(struct person *p, uint32_t i)
{
    unsigned n = copy_text(p->name, i & 1 ? "MARTINEZ, CARMEN " : "MARTINEZ, ANDREA ", NAME);

    number_text(p->name + n, i * 7 % 100);
    p->born = (struct date){(uint16_t)(1950 + i * 13 % 50), (uint8_t)(1 + i * 5 % 12),
                            (uint8_t)(1 + i * 11 % 28)};
    p->grade = (enum grade)(i % GRADE_COUNT);
    p->wage = (int32_t)(500 + i * 37 % 1500);
    p->chief = i % 4 ? &people[i / 4 % PEOPLE] : 0;
    p->seen = 0;
}

static __attribute__((noinline)) struct person *find(const char *name)
{
    for (int i = 0; i < PEOPLE; i++)
        if (compare_text(people[i].name, name) == 0)
            return &people[i];
    return 0;
}

static void sort_by_age(void)
{
    for (int i = 0; i < PEOPLE; i++) {
        struct person *p = &people[i];
        int k = i;
        for (; k > 0 && older(&p->born, &order[k - 1]->born); k--)
            order[k] = order[k - 1];
        order[k] = p;
    }
}

static uint32_t year_of_work(uint32_t round)
{
    uint32_t sum = 0;

    for (int i = 0; i < PEOPLE; i++) {
        struct person *p = order[i];
        former[i] = *p;
        p->grade = promote(p->grade, p->wage, (int)(round + (uint32_t)i) % 30);
        p->wage = raise(p->wage, p->chief);
        if (p->wage > 4000)
            p->wage = 500 + i;
        sum = sum * 31 + (uint32_t)p->wage + (uint32_t)p->grade;
        if (former[i].wage == p->wage)
            sum++;
    }
    return sum;
}

int main(void)
{
    char name[NAME];
    uint32_t sum = 0;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        if (round % 64 == 0)
            for (uint32_t i = 0; i < PEOPLE; i++)
                hire(&people[i], i + round / 64);
        sort_by_age();
        sum = sum * 17 + year_of_work(round);
        for (uint32_t k = 0; k < 4; k++) {
            copy_text(name, people[(round * 5 + k * 11) % PEOPLE].name, NAME);
            struct person *p = find(name);
            if (!p)
                return 2;
            sum += ++p->seen;
        }
    }
    return sum == EXPECTED ? 0 : 1;
}
