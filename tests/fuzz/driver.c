/*
 * Runs a fuzz target on files, or on all files of a folder: the corpus as a test, a crash to look
 * at, or one input of AFL++.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0;
    size_t room = 0;

    if (f == NULL) {
        perror(path);
        return -1;
    }
    do {
        room = room == 0 ? 4096 : 2 * room;
        data = realloc(data, room);
        MUST(data != NULL);
        size += fread(data + size, 1, room - size, f);
    } while (size == room);
    fclose(f);
    /* A block of just that size, so that a sanitizer sees every byte too far. */
    uint8_t *exact = malloc(size != 0 ? size : 1);
    MUST(exact != NULL);
    memcpy(exact, data, size);
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 1;
}

static int run_folder(const char *path)
{
    DIR *folder = opendir(path);
    int count = 0;

    if (folder == NULL) {
        perror(path);
        return -1;
    }
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        char file[4096];
        if (e->d_name[0] == '.')
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
        if (run_file(file) < 0) {
            closedir(folder);
            return -1;
        }
        count++;
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++) {
        struct stat st;
        int n = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode) ? run_folder(argv[i])
                                                               : run_file(argv[i]);
        if (n < 0)
            return 1;
        count += n;
    }
    printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
