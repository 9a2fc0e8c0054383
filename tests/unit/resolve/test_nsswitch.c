/*
 * nsswitch.conf: the order that its hosts line stands for.
 */
#include "resolve/nsswitch.h"

#include "support.h"

typedef struct {
    const char *text;
    const char *order;
} row_t;

static const row_t rows[] = {
    {"", "files,dns"},
    {"passwd: files\n", "files,dns"},
    {"hosts:\n", "files,dns"},
    {"hosts: files dns\n", "files,dns"},
    {"hosts: dns files\n", "dns,files"},
    {"hosts: files\n", "files"},
    {"hosts: dns\n", "dns"},
    {"hosts: resolve files\n", "dns,files"},
    {"hosts: mymachines files dns\n", "files,dns"},
    {"hosts: files mdns4_minimal [NOTFOUND=return] dns mdns4\n", "files,dns"},
    {"hosts: resolve\n", "dns"},
    {"hosts files dns\n", "files,dns"},
    {"passwd files\nhosts: dns\n", "files,dns"},
    {"hosts: files\tdns\n", "dns"}, /* one unknown source */
    {"hosts:\tdns\t\n", "dns"},
    {"hosts: dns # files\n", "dns"},
    {"# hosts: files\n  hosts : dns files\n", "dns,files"},
    {"HOSTS: dns\n", "files,dns"},
    {"hosts: dns\nhosts: files\n", "dns,files"},
    {"hosts: dns [success=return notfound=continue] files [notfound=return]\n", "dns,files"},
    {"hosts: dns [!UNAVAIL=return] files\n", "dns,files"},
    {"hosts: dns [success=return files\n", "files,dns"},
    {"hosts: dns [x] files\n", "files,dns"},
    {"hosts: dns [=]\n", "files,dns"},
    {"hosts: dns []\n", "dns"},
    {"passwd: x [bad]\nhosts: dns\n", "files,dns"},
};

static void parse(void **state)
{
    const row_t *row = *state;

    assert_string_equal(gonet__order_name(gonet__nsswitch_order(row->text, strlen(row->text))),
                        row->order);
}

int main(void)
{
    return RUN_ROWS(rows, parse);
}
