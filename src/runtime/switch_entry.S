/*
 * The first thing that a new context runs: it takes its function and argument from the stack, calls, and
 * ends the unwinder's walk. The file carries no shadow-stack mark: tasks have none.
 */
#if defined(__x86_64__) && !defined(GONET_SWITCH_UCONTEXT)
    .text
    .p2align 4
    .globl gonet__switch_entry
    .hidden gonet__switch_entry
    .type gonet__switch_entry, @function
gonet__switch_entry:
    .cfi_startproc
    .cfi_undefined rip
    popq %rax
    popq %rdi
    xorl %ebp, %ebp
    callq *%rax
    ud2
    .cfi_endproc
    .size gonet__switch_entry, .-gonet__switch_entry
#elif defined(__aarch64__) && !defined(GONET_SWITCH_UCONTEXT)
    .text
    .p2align 4
    .globl gonet__switch_entry
    .hidden gonet__switch_entry
    .type gonet__switch_entry, %function
gonet__switch_entry:
    .cfi_startproc
    .cfi_undefined x30
    hint #36 /* bti j */
    ldp x9, x0, [sp], #16
    mov x29, #0
    mov x30, #0
    blr x9
    brk #1
    .cfi_endproc
    .size gonet__switch_entry, .-gonet__switch_entry
#endif

/* Always: without the note the linker makes every stack executable. */
    .section .note.GNU-stack,"",%progbits
