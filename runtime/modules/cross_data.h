// cross_data.h: plain data and code on its way to another interpreter.
//
// A message is raw memory: None, bool, int, float, str, bytes, tuples of these
// and, where it is asked for, code without free variables. Nothing in it
// belongs to an interpreter but what is immortal.

#ifndef RT_MODULES_CROSS_DATA_H
#define RT_MODULES_CROSS_DATA_H

#include "rt_object.h"

typedef struct RtCrossData {
    char *bytes;                // NULL: nothing
    size_t size, capacity;
} RtCrossData;

typedef enum RtCrossKind {
    RT_CROSS_PLAIN,
    RT_CROSS_CODE,              // code objects too, as constants of code
} RtCrossKind;

// Appends a copy of the object. 0, or -1 with an exception (ValueError: not
// shareable) and the message as it was.
int RtCrossData_Add(RtCrossData *data, RtObject *op, RtCrossKind kind);
// Makes the next object, in the attached interpreter; *at begins as 0.
RtObject *RtCrossData_Load(const RtCrossData *data, size_t *at);
void RtCrossData_Clear(RtCrossData *data);      // needs no thread state

#endif  // RT_MODULES_CROSS_DATA_H
