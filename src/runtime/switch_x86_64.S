/*
 * System V x86-64. The stack of a suspended context holds r15 r14 r13 r12 rbx rbp and the address to
 * go on at. The floating-point control words are left alone. It ends in a jump: the return predictor
 * would be wrong every time. That is also why the file carries no shadow-stack mark.
 */
    .text
    .p2align 4
    .globl gonet__switch
    .hidden gonet__switch
    .type gonet__switch, @function
gonet__switch:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    popq %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register rip, rcx
    jmp *%rcx
    .cfi_endproc
    .size gonet__switch, .-gonet__switch

/* The first thing that a new context runs: entry is in r12, its argument in r13. */
    .p2align 4
    .globl gonet__switch_entry
    .hidden gonet__switch_entry
    .type gonet__switch_entry, @function
gonet__switch_entry:
    .cfi_startproc
    .cfi_undefined rip
    xorl %ebp, %ebp
    movq %r13, %rdi
    callq *%r12
    ud2
    .cfi_endproc
    .size gonet__switch_entry, .-gonet__switch_entry

    .section .note.GNU-stack,"",@progbits
