import { BusinessFunction, Measure } from "../gen/noticehub/event/v1/vocabulary_pb";

/** The measure each business function refers to. */
export const measureOf: Record<BusinessFunction, Measure> = {
  [BusinessFunction.UNSPECIFIED]: Measure.UNSPECIFIED,
  [BusinessFunction.CAPE_YORK]: Measure.CYEIM,
  [BusinessFunction.CHILD_PROTECTION]: Measure.CPEIM,
  [BusinessFunction.SUPPORTING_PEOPLE_AT_RISK]: Measure.SPAREIM,
};
