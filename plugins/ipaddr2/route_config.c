/* SPDX-License-Identifier: Apache-2.0 */
#include "route_config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEM_SIZE 160

struct reader {
    const struct halyard_host *host;
    const struct halyard_op *op;
    const struct hy_ip_target *target;
    const char *item; /* as written */
};

static enum halyard_rc refuse(const struct reader *reader, const char *what)
{
    reader->host->reason(reader->op,
                         "routes: \"%s\": %s. Each is DESTINATION [via GATEWAY] [dev INTERFACE] [metric NUMBER], "
                         "separated by commas, such as \"default, 10.20.0.0/16 via 192.168.1.1\"",
                         reader->item, what);
    return HALYARD_ERR_CONFIGURED;
}

static bool parse_number(const char *text, uint32_t most, uint32_t *value)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    uintmax_t number = strtoumax(text, &end, 10);
    *value = (uint32_t)number;
    return !errno && !*end && number <= most;
}

/* "default", an address, or a net: the bits that follow the prefix are cleared, as `ip route` would have them. */
static bool parse_destination(const char *word, int family, struct hy_ip_route_spec *spec)
{
    char text[INET6_ADDRSTRLEN + 8];
    uint32_t prefix;
    size_t size = family == AF_INET ? 4 : 16;
    if (strcmp(word, "default") == 0) {
        spec->dest = (struct hy_ip_addr){.family = family, .size = size};
        spec->prefix = 0;
        return true;
    }
    if (snprintf(text, sizeof text, "%s", word) >= (int)sizeof text)
        return false;
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    if (!hy_ip_addr_parse(text, &spec->dest) || spec->dest.family != family)
        return false;
    if (!slash)
        prefix = (uint32_t)size * 8;
    else if (!parse_number(slash + 1, (uint32_t)size * 8, &prefix))
        return false;
    spec->prefix = (int)prefix;
    for (int bit = spec->prefix; bit < (int)size * 8; bit++)
        if (spec->dest.bytes[bit / 8] & (0x80u >> (bit % 8)))
            return false;
    return true;
}

static enum halyard_rc take_option(const struct reader *reader, const char *name, const char *value,
                                   struct hy_ip_route_spec *spec)
{
    if (!value)
        return refuse(reader, "a word is missing at its end");
    if (strcmp(name, "via") == 0) {
        if (!hy_ip_addr_parse(value, &spec->via) || spec->via.family != reader->target->addr.family)
            return refuse(reader, "the gateway is not an address of the same kind as ip");
        return HALYARD_OK;
    }
    if (strcmp(name, "dev") == 0) {
        if (strlen(value) >= IFNAMSIZ)
            return refuse(reader, "the name of the interface is too long");
        memcpy(spec->dev, value, strlen(value) + 1);
        return HALYARD_OK;
    }
    if (strcmp(name, "metric") == 0) {
        spec->has_metric = true;
        return parse_number(value, UINT32_MAX - 1, &spec->metric) ? HALYARD_OK
                                                                  : refuse(reader, "the metric is no number");
    }
    return refuse(reader,
                  strcmp(name, "src") == 0 ? "the source is ip itself: leave src out" : "a word is not understood");
}

static enum halyard_rc take_item(const struct reader *reader, char *item, struct hy_ip_route_spec *spec)
{
    char *rest = NULL;
    const char *word = strtok_r(item, " \t", &rest);
    *spec = (struct hy_ip_route_spec){0};
    if (!word || !parse_destination(word, reader->target->addr.family, spec))
        return refuse(reader, "the destination is not \"default\", nor a net or address of the same kind as ip "
                              "(of a net the bits after the prefix are 0)");
    enum halyard_rc rc = HALYARD_OK;
    while (rc == HALYARD_OK && (word = strtok_r(NULL, " \t", &rest)) != NULL)
        rc = take_option(reader, word, strtok_r(NULL, " \t", &rest), spec);
    if (rc != HALYARD_OK)
        return rc;
    spec->follows = !spec->via.size && !spec->dev[0];
    if (spec->follows && spec->has_metric)
        return refuse(reader, "without via or dev it follows the route that is there, and its metric too");
    return HALYARD_OK;
}

static bool is_twice(const struct hy_ip_routes *routes, const struct hy_ip_route_spec *spec)
{
    for (int i = 0; i < routes->count; i++)
        if (routes->items[i].prefix == spec->prefix && hy_ip_addr_equal(&routes->items[i].dest, &spec->dest))
            return true;
    return false;
}

enum halyard_rc hy_ip_routes_read(const struct halyard_host *host, const struct halyard_op *op,
                                  const struct hy_ip_target *target, struct hy_ip_routes *routes)
{
    const char *at = host->get(op, "routes");
    *routes = (struct hy_ip_routes){0};
    while (at && *at) {
        char item[ITEM_SIZE], words[ITEM_SIZE];
        size_t size = strcspn(at, ",;\n");
        size_t blanks = strspn(at, " \t");
        struct reader reader = {.host = host, .op = op, .target = target, .item = item};
        snprintf(item, sizeof item, "%.*s", (int)size, at);
        snprintf(words, sizeof words, "%s", item);
        at += size;
        at += *at != '\0';
        if (blanks >= size)
            continue;
        if (size >= sizeof item)
            return refuse(&reader, "it is too long");
        if (routes->count == HY_IP_ROUTES_MAX)
            return refuse(&reader, "there are more than 16");
        struct hy_ip_route_spec spec;
        enum halyard_rc rc = take_item(&reader, words, &spec);
        if (rc != HALYARD_OK)
            return rc;
        if (is_twice(routes, &spec))
            return refuse(&reader, "the destination is there twice");
        routes->items[routes->count++] = spec;
    }
    return HALYARD_OK;
}

void hy_ip_route_text(const struct hy_ip_route_spec *spec, char *text, size_t size)
{
    char dest[INET6_ADDRSTRLEN] = "", via[INET6_ADDRSTRLEN] = "", net[INET6_ADDRSTRLEN + 8] = "default";
    if (spec->prefix > 0) {
        inet_ntop(spec->dest.family, spec->dest.bytes, dest, sizeof dest);
        snprintf(net, sizeof net, "%s/%d", dest, spec->prefix);
    }
    if (spec->via.size)
        inet_ntop(spec->via.family, spec->via.bytes, via, sizeof via);
    snprintf(text, size, "%s%s%s%s%s", net, *via ? " via " : "", via, spec->dev[0] ? " dev " : "", spec->dev);
}
