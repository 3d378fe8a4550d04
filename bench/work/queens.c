/* Eleven queens by recursion over arrays, four times: calls, branches, small loops. */
#define N     11
#define TIMES 4

static int column[N];

static int attacked(int row, int col)
{
    for (int r = 0; r < row; r++)
        if (column[r] == col || column[r] - col == row - r || col - column[r] == row - r)
            return 1;
    return 0;
}

static int place(int row)
{
    int found = 0;

    if (row == N)
        return 1;
    for (int col = 0; col < N; col++) {
        if (attacked(row, col))
            continue;
        column[row] = col;
        found += place(row + 1);
    }
    return found;
}

int main(void)
{
    for (int i = 0; i < TIMES; i++)
        if (place(0) != 2680)
            return 1;
    return 0;
}
