/// English of many kinds: captions, prompts, single words, news, instructions, dialogue, lists, numbers. None of the
/// texts occurs among the probes that measure a bundle.
enum CalibrationTexts {
  static let all = written + composed

  private static let written = [
    "a black-and-white portrait of an old fisherman",
    "an aerial view of terraced rice fields in the rain",
    "close-up of a bumblebee on a lavender blossom",
    "three children build a sandcastle while the tide comes in",
    "a cluttered desk with two monitors, a cold cup of coffee and a sleeping tabby",
    "street food vendor flipping pancakes under a red umbrella",
    "the skyline of a city at night, reflected in a wet road",
    "an oil painting of a ship in a storm",
    "a low-resolution photo of a suspension bridge",
    "a sketch of a giraffe wearing sunglasses",
    "satellite image of a river delta",
    "x-ray of a left hand",
    "a bad photo of the moon",
    "an origami crane on a wooden table",
    "a pixel art castle",
    "graffiti of a whale on a brick wall",
    "the inside of a mechanical watch",
    "passengers waiting on a crowded platform, most of them looking at their phones",
    "a goalkeeper dives to the left but misses the ball",
    "a bowl of noodle soup with a soft-boiled egg, spring onions and chili oil",
    "volcano", "zebra", "umbrella", "architecture", "happiness", "Tuesday", "running", "transparent", "seven",
    "blue",
    "Parliament approved the budget on Thursday after a debate that lasted nine hours.",
    "Shares fell by 3.2 percent, their steepest decline since March 2020.",
    "The museum will be closed until further notice because of flooding in the basement.",
    "Researchers found microplastics in 87 of the 102 samples they took from the lake.",
    "Preheat the oven to 180 °C, grease the tin and line it with baking paper.",
    "Turn off the power before you remove the cover; the capacitor may still hold a charge.",
    "To reset your password, click the link in the e-mail that we have just sent to you.",
    "Insert tab A into slot B and fold along the dotted line.",
    "\"Have you seen my keys?\" she asked. \"They were on the piano a minute ago.\"",
    "I can't believe it's already November, can you?",
    "We should have left an hour earlier, but nobody wanted to wake the baby.",
    "Who painted the ceiling of the Sistine Chapel?",
    "How many legs does a spider have, and why doesn't it get stuck in its own web?",
    "Once upon a time there lived a miller who had three sons, a mill, a donkey and a cat.",
    "It was a bright cold day, and the clocks in the village all showed different times.",
    "eggs, flour, 250 g butter, vanilla, baking powder, oranges, dish soap",
    "for sale: used mountain bike, 21 gears, new tyres, $120 or best offer",
    "SALE! UP TO 70% OFF ALL WINTER JACKETS - TODAY ONLY!!!",
    "IMG_20190714_153012.jpg",
    "https://www.example.org/gallery/index.html?page=2",
    "error 404: the page you requested could not be found",
    "def area(radius): return 3.14159 * radius ** 2",
    "E = mc^2", "10:45 am, gate B17, seat 23F", "+1 (555) 010-9934",
    "lol that's soooo cute!!! #puppy #weekend :-)",
    "Dear Ms. Alvarez, thank you for your letter of 4 May regarding the broken dishwasher.",
    "The mitochondrion converts nutrients into adenosine triphosphate, which powers the cell.",
    "In 1969 two astronauts walked on the surface of the Moon for the first time.",
    "Water boils at a lower temperature on a mountain because the air pressure is lower.",
    "A healthy adult should sleep between seven and nine hours per night.",
    "The defendant pleaded not guilty to all charges and was released on bail.",
    "Scattered showers in the north, sunny spells elsewhere, highs of 19 degrees.",
    "Take the second exit at the roundabout, continue for two miles, and the farm is on your right.",
    "The violin concerto in D major was first performed in Vienna in 1806.",
    "vintage leather armchair next to a fireplace, warm light, 35mm film, shallow depth of field",
    "isometric illustration of a tiny greenhouse, pastel colours, highly detailed",
    "a man in a yellow raincoat pushes a broken-down van along a flooded street while a dog watches from the window",
    "the left half of the picture shows a desert, the right half shows the same valley after a week of heavy rain, with "
      + "flowers up to the horizon and a small stream between the dunes",
    "she opened the box, took out the letter that her grandmother had written forty years before, and began to read it "
      + "aloud, slowly at first, then faster, until her brother asked her to stop",
  ]

  /// Subjects, actions and scenes, each combined once with two others.
  private static let composed = (0..<60).map { index in
    let subject = subjects[index % subjects.count]
    let action = actions[(index * 7 + index / subjects.count) % actions.count]
    let scene = scenes[(index * 5 + index / actions.count) % scenes.count]
    return switch index % 4 {
    case 0: "\(subject) \(action) \(scene)"
    case 1: "a photograph of \(subject) \(scene)"
    case 2: "\(scene), \(subject) is \(action)"
    default: "There is \(subject) \(action), and nobody \(scene) seems to notice."
    }
  }

  private static let subjects = [
    "a nurse", "a golden retriever", "an elderly couple", "a red tractor", "a flock of geese",
    "a tennis player",
    "the mayor", "a wooden rowing boat", "a toddler with a balloon", "a robot", "a jar of honey",
    "a steam locomotive",
    "a parrot", "a wedding party", "an empty bench",
  ]
  private static let actions = [
    "waiting patiently", "being repaired", "jumping over a fence", "covered in snow",
    "arguing about the weather",
    "reflected in a mirror", "seen from far away", "painted in bright colours", "resting in the shade",
    "lit by candles",
    "moving very slowly", "half hidden behind a curtain",
  ]
  private static let scenes = [
    "in a supermarket", "on top of a glacier", "near the harbour", "in front of a blue door",
    "at the end of a long corridor",
    "under a stone bridge", "in the middle of a wheat field", "at dawn", "during the parade",
    "on a kitchen counter",
    "beside the motorway",
  ]
}
