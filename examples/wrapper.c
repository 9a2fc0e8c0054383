/* The slots of wrapper.h: each asks the wrapped connection, and returns what it says. */
#include "wrapper.h"

gonet_conn_t *wrapper_net_conn(void *self)
{
    return ((wrapper_t *)self)->inner;
}

int wrapper_close(void *self, gonet_error_t **err)
{
    return gonet_conn_close(wrapper_net_conn(self), err);
}

const gonet_addr_t *wrapper_local_addr(void *self)
{
    return gonet_conn_local_addr(wrapper_net_conn(self));
}

const gonet_addr_t *wrapper_remote_addr(void *self)
{
    return gonet_conn_remote_addr(wrapper_net_conn(self));
}

int wrapper_set_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_deadline(wrapper_net_conn(self), t, err);
}

int wrapper_set_read_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_read_deadline(wrapper_net_conn(self), t, err);
}

int wrapper_set_write_deadline(void *self, gonet_time_t t, gonet_error_t **err)
{
    return gonet_conn_set_write_deadline(wrapper_net_conn(self), t, err);
}

int wrapper_close_read(void *self, gonet_error_t **err)
{
    return gonet_conn_close_read(wrapper_net_conn(self), err);
}

int wrapper_close_write(void *self, gonet_error_t **err)
{
    return gonet_conn_close_write(wrapper_net_conn(self), err);
}

int wrapper_wait_readable(void *self, gonet_error_t **err)
{
    return gonet_conn_wait_readable(wrapper_net_conn(self), err);
}
