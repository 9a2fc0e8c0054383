/*
 * What a test may not leave behind: tasks, allocations, descriptors.
 */
#ifndef TESTS_SUPPORT_LEAK_H
#define TESTS_SUPPORT_LEAK_H

/* leak_open_descriptors returns how many descriptors the process has open. */
int leak_open_descriptors(void);

/* leak_setup and leak_teardown surround each test: the runtime is ended before and after, and then
 * the counts must be equal. */
int leak_setup(void **state);
int leak_teardown(void **state);

#define LEAK_TEST(name) cmocka_unit_test_setup_teardown(name, leak_setup, leak_teardown)

#endif
