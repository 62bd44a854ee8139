// For pages that the server has rendered: draws their formulas once.

import { drawMaths } from "./maths.js";

drawMaths(document);
