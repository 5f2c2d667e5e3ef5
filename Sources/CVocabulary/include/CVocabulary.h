#ifndef CVOCABULARY_H
#define CVOCABULARY_H
/* OpenAI's byte-pair merges; see Scripts/make_vocabulary.py. */
#endif
